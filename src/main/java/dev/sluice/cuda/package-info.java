/** The CUDA engine: cuDNN, cuBLAS and our own kernels over the driver API. */
package dev.sluice.cuda;
