/* The part of libgomp's ABI that Sluice calls: the calling thread's team size, and one parallel region. */
void omp_set_num_threads(int num_threads);
int omp_get_max_threads(void);
void GOMP_parallel(void (*fn)(void *), void *data, unsigned num_threads, unsigned flags);
/* From the C library: libgomp reads its settings from the environment when it is loaded. */
int setenv(const char *name, const char *value, int overwrite);
/* From the C library, too: memory in huge pages, which malloc does not ask for. */
void *mmap(void *address, unsigned long length, int protection, int flags, int file, long offset);
int madvise(void *address, unsigned long length, int advice);
int munmap(void *address, unsigned long length);
