/**
 * Whole sequences, timed: problems, the cells that can be asked for, rounds, and what is reported.
 */
package dev.sluice.cli.bench;
