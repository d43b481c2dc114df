/** Losses, optimisers, clipping, checkpoints and scores. */
package dev.sluice.train;
