// Streams and events.
#include <algorithm>

#include "call.h"

namespace sluice {

namespace {

int makeStream(Simulator& simulator, std::shared_ptr<Context> context, Handle* out, unsigned flags,
               int priority) {
  if (!out || flags > STREAM_NON_BLOCKING) return INVALID_VALUE;
  auto stream = std::make_shared<Stream>();
  stream->context = context;
  stream->blocking = !(flags & STREAM_NON_BLOCKING);
  stream->priority = std::clamp(priority, -5, 0);
  stream->handle = *out = simulator.streams.add(stream);
  std::erase_if(context->streams, [](auto& weak) { return weak.expired(); });
  context->streams.push_back(stream);
  simulator.opened("stream", *out);
  return SUCCESS;
}

int noStream(Simulator& simulator, const char* name) {
  return simulator.broken(INVALID_HANDLE, std::string(name) + " of a stream that isn't open");
}

int noEvent(Simulator& simulator, const char* name) {
  return simulator.broken(INVALID_HANDLE, std::string(name) + " of an event that isn't open");
}

// Waiting for a capturing stream would wait for what never runs.
int notWhileCapturing(Simulator& simulator, Stream& stream) {
  if (!stream.capture) return SUCCESS;
  simulator.invalidate(*stream.capture);
  return CAPTURE_UNSUPPORTED;
}

}  // namespace

SLUICE_API cuStreamCreate(Handle* out, unsigned flags) {
  return call("cuStreamCreate", CONTEXT, [&](Simulator& simulator, auto& context) -> int {
    return makeStream(simulator, context, out, flags, 0);
  });
}

SLUICE_API cuStreamCreateWithPriority(Handle* out, unsigned flags, int priority) {
  return call("cuStreamCreateWithPriority", CONTEXT,
              [&](Simulator& simulator, auto& context) -> int {
                return makeStream(simulator, context, out, flags, priority);
              });
}

SLUICE_API cuStreamDestroy_v2(Handle handle) {
  return closingCall("cuStreamDestroy_v2", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    std::shared_ptr<Stream> stream = simulator.streams.remove(handle);
    if (!stream) return noStream(simulator, "cuStreamDestroy");
    if (std::shared_ptr<Capture> capture = stream->capture) {
      simulator.invalidate(*capture);
      if (capture->origin == stream.get()) simulator.endCapture(capture);
      simulator.broken("a stream was destroyed while it captured");
    }
    if (stream->blocking && stream->last && !stream->last->done)
      stream->context->ofDestroyedStreams.push_back(stream->last);
    simulator.closed("stream", handle);
    return SUCCESS;
  });
}

SLUICE_API cuStreamSynchronize(Handle handle) {
  return call("cuStreamSynchronize", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream) return noStream(simulator, "cuStreamSynchronize");
    if (int status = notWhileCapturing(simulator, *stream)) return status;
    if (stream->last) simulator.scheduler.complete(stream->last);
    return stream->context->lost;
  });
}

// Asking again and again must end: each question does one piece of work.
SLUICE_API cuStreamQuery(Handle handle) {
  return call("cuStreamQuery", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream) return noStream(simulator, "cuStreamQuery");
    if (int status = notWhileCapturing(simulator, *stream)) return status;
    if (!stream->last || stream->last->done) return SUCCESS;
    simulator.scheduler.step(stream->last);
    return stream->context->lost ? stream->context->lost : NOT_READY;
  });
}

SLUICE_API cuStreamWaitEvent(Handle handle, Handle eventHandle, unsigned flags) {
  return call("cuStreamWaitEvent", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream) return noStream(simulator, "cuStreamWaitEvent");
    std::shared_ptr<Event> event = simulator.events.find(eventHandle);
    if (!event) return noEvent(simulator, "cuStreamWaitEvent");
    if (flags > 1) return INVALID_VALUE;
    if (event->capture) {
      if (event->capture->ended) return CAPTURED_EVENT;
      if (stream->legacy) return CAPTURE_IMPLICIT;
      if (stream->capture && stream->capture != event->capture) {
        simulator.invalidate(*stream->capture);
        simulator.invalidate(*event->capture);
        return CAPTURE_MERGE;
      }
      if (!stream->capture) {
        stream->capture = event->capture;
        stream->tails.clear();
        stream->capture->streams.push_back(stream);
      }
      for (size_t node : event->nodes)
        if (std::find(stream->tails.begin(), stream->tails.end(), node) == stream->tails.end())
          stream->tails.push_back(node);
      return SUCCESS;
    }
    if (stream->capture) {
      simulator.invalidate(*stream->capture);
      return CAPTURE_ISOLATION;
    }
    if (!event->marker || event->marker->done) return SUCCESS;
    WorkPointer wait;
    auto stays = event->marker;
    auto previous = stream->last;
    // A piece of work that does nothing, after both.
    wait = std::make_shared<Work>();
    wait->name = "cuStreamWaitEvent";
    wait->run = [] {};
    wait->context = stream->context;
    wait->after = {previous, stays};
    if (!stream->legacy && stream->blocking) wait->after.push_back(stream->context->legacy->last);
    stream->last = wait;
    simulator.scheduler.add(wait);
    return SUCCESS;
  });
}

SLUICE_API cuStreamGetCtx(Handle handle, Handle* out) {
  return call("cuStreamGetCtx", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream) return noStream(simulator, "cuStreamGetCtx");
    if (!out) return INVALID_VALUE;
    *out = stream->context->handle;
    return SUCCESS;
  });
}

SLUICE_API cuEventCreate(Handle* out, unsigned flags) {
  return call("cuEventCreate", CONTEXT, [&](Simulator& simulator, auto& context) -> int {
    if (!out || flags > 3) return INVALID_VALUE;
    auto event = std::make_shared<Event>();
    event->context = context;
    event->timing = !(flags & EVENT_DISABLE_TIMING);
    *out = simulator.events.add(event);
    simulator.opened("event", *out);
    return SUCCESS;
  });
}

SLUICE_API cuEventDestroy_v2(Handle handle) {
  return closingCall("cuEventDestroy_v2", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    if (!simulator.events.remove(handle)) return noEvent(simulator, "cuEventDestroy");
    simulator.closed("event", handle);
    return SUCCESS;
  });
}

namespace {

int record(Simulator& simulator, Handle eventHandle, Handle handle) {
  std::shared_ptr<Event> event = simulator.events.find(eventHandle);
  if (!event) return noEvent(simulator, "cuEventRecord");
  std::shared_ptr<Stream> stream = simulator.stream(handle);
  if (!stream) return noStream(simulator, "cuEventRecord");
  if (stream->context != event->context) return INVALID_HANDLE;
  if (stream->capture) {
    if (stream->capture->invalidated) return CAPTURE_INVALIDATED;
    event->capture = stream->capture;
    event->nodes = stream->tails;
    event->marker = nullptr;
    return SUCCESS;
  }
  event->capture = nullptr;
  return simulator.submit(*stream, "cuEventRecord", [] {}, &event->marker);
}

}  // namespace

SLUICE_API cuEventRecord(Handle event, Handle stream) {
  return call("cuEventRecord", CONTEXT,
              [&](Simulator& simulator, auto&) -> int { return record(simulator, event, stream); });
}

SLUICE_API cuEventRecordWithFlags(Handle event, Handle stream, unsigned flags) {
  return call("cuEventRecordWithFlags", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return flags > 1 ? INVALID_VALUE : record(simulator, event, stream);
  });
}

SLUICE_API cuEventSynchronize(Handle handle) {
  return call("cuEventSynchronize", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Event> event = simulator.events.find(handle);
    if (!event) return noEvent(simulator, "cuEventSynchronize");
    if (event->capture) return CAPTURED_EVENT;
    if (event->marker) simulator.scheduler.complete(event->marker);
    return event->context->lost;
  });
}

SLUICE_API cuEventQuery(Handle handle) {
  return call("cuEventQuery", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Event> event = simulator.events.find(handle);
    if (!event) return noEvent(simulator, "cuEventQuery");
    if (event->capture) return CAPTURED_EVENT;
    if (!event->marker || event->marker->done) return SUCCESS;
    simulator.scheduler.step(event->marker);
    return event->context->lost ? event->context->lost : NOT_READY;
  });
}

namespace {

int elapsed(Simulator& simulator, float* milliseconds, Handle from, Handle to) {
  std::shared_ptr<Event> first = simulator.events.find(from), last = simulator.events.find(to);
  if (!first || !last) return noEvent(simulator, "cuEventElapsedTime");
  if (!milliseconds) return INVALID_VALUE;
  if (!first->timing || !last->timing || !first->marker || !last->marker) return INVALID_HANDLE;
  if (!first->marker->done || !last->marker->done) return NOT_READY;
  auto difference = static_cast<int64_t>(last->marker->doneAt - first->marker->doneAt);
  *milliseconds = static_cast<float>(static_cast<double>(difference) / 1e6);
  return SUCCESS;
}

}  // namespace

SLUICE_API cuEventElapsedTime(float* milliseconds, Handle from, Handle to) {
  return call("cuEventElapsedTime", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return elapsed(simulator, milliseconds, from, to);
  });
}

SLUICE_API cuEventElapsedTime_v2(float* milliseconds, Handle from, Handle to) {
  return call("cuEventElapsedTime_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return elapsed(simulator, milliseconds, from, to);
  });
}

}  // namespace sluice
