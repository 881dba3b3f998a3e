/**
 * Kernels for the processor, in AssemblyScript: compiled to WebAssembly with SIMD by `scripts/processor.mjs`, run
 * on the memory of tfjs's own module. Addresses are byte offsets into it; tensors are float32 and contiguous.
 * Every kernel does the `part`-th of `parts` shares of its work, and no two shares write the same place.
 */
export { attention, attentionGradient, attentionScratch } from './attention';
export { activationGradient, columnSums, dense } from './dense';
export { layerNorm, layerNormInputGradient, layerNormParameterGradients } from './norm';
export { crossEntropyRows, divergenceRows } from './rows';
export { adamW, sumOfSquares } from './update';
