/** The embedded engine: oneDNN for products and convolutions, Java vector loops for the rest. */
package dev.sluice.cpu;
