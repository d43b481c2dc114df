/** What an engine provides: memory, streams, products, convolutions, sequences, cells, kernels. */
package dev.sluice.spi;
