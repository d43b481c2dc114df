/**
 * Pictures and reports, made as bytes: frame sheets, animations, curves, and HTML that stands
 * alone. Nothing here opens a window or writes a file.
 */
package dev.sluice.cli.pictures;
