/** What the command line can learn: data sets, the models that suit them, how those are judged. */
package dev.sluice.cli.tasks;
