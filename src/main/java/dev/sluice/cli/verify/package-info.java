/** Compares the engines with reference cases: a folder of safetensors files and a manifest. */
package dev.sluice.cli.verify;
