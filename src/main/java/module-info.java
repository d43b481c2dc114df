/** Recurrent networks, trained and run on an embedded CPU engine and on CUDA devices. */
module dev.sluice {
  requires static java.desktop;
  requires static java.management;
  requires static jdk.incubator.vector;
  requires static jdk.management;
  requires static info.picocli;

  exports dev.sluice;
  exports dev.sluice.data;
  exports dev.sluice.nn;
  exports dev.sluice.spi;
  exports dev.sluice.train;
  exports dev.sluice.weights;

  opens dev.sluice.cli to
      info.picocli;

  uses dev.sluice.spi.Engine;

  provides dev.sluice.spi.Engine with
      dev.sluice.cpu.CpuEngine,
      dev.sluice.cuda.CudaEngine;
}
