/** Layers and models; frames are channels-last: [T, N, H, W, C]. */
package dev.sluice.nn;
