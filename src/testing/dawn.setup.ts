/** The set-up file of the `gpu` tests: WebGPU in Node, on the software driver, before tfjs is imported. */
import { installWebGPU } from '../engine/webgpu.node';

await installWebGPU({ forceSoftware: true });
