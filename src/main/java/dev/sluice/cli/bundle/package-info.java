/** What a borrowed machine with a GPU is handed: a runtime, this library, and what asks them. */
package dev.sluice.cli.bundle;
