/**
 * What the tutorials say of recurrent networks, as experiments that anybody can run again: one file
 * each, and the report that they write.
 */
package dev.sluice.cli.experiments;
