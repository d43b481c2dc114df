/** Devices, memory and tensors: what every other part of Sluice stands on. */
package dev.sluice;
