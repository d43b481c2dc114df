/** Data sets and array files: moving digits, handwritten digits, NumPy arrays. */
package dev.sluice.data;
