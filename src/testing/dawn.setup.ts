/** The set-up file of the `gpu` tests: WebGPU in Node, on the software driver, before tfjs is imported. */
import { installWebGPU } from '../engine/webgpu.node';

// Without bounds checks SwiftShader is about a quarter faster; the browser runs the same tests with them.
await installWebGPU({ forceSoftware: true, toggles: ['enable-dawn-features=disable_robustness'] });
