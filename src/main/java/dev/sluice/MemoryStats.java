package dev.sluice;

/**
 * What a device's memory pool holds, in bytes.
 *
 * @param reserved taken from the system
 * @param used handed out to open arenas and passes
 * @param highWater the most that was ever in use at once
 * @param cap the most that may be reserved
 */
public record MemoryStats(long reserved, long used, long highWater, long cap) {}
