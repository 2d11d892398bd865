/** @file The execution providers that can be asked for. */

/**
 * What runs the kernels; which of them work depends on the machine and on how ONNX Runtime was built. `auto`: a graphics
 * card if one works and is faster than the CPU.
 */
export const executionProviders = ['cpu', 'auto', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
