// usage: differential LIBCUDNN. Makes the same calls, right and wrong, into any libcudnn, and
// prints a line for each; the outputs of two libraries are compared by the caller.
#include <cstdio>

#include "library.h"

int main(int count, char** arguments) {
  using namespace differential;
  if (count != 2) {
    std::fprintf(stderr, "usage: differential LIBCUDNN\n");
    return 2;
  }
  open(arguments[1]);
  library_calls();
  tensor_calls();
  dropout_calls();
  rnn_calls();
  rnn_data_calls();
  attribute_calls();
  graph_calls();
  return 0;
}
