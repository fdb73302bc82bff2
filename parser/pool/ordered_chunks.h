// Work in parallel, merge in order: the shape that makes the result independent of the thread count. Chunks are fixed
// in size, any worker takes the next one, and each result is merged when all before it have been; at most one result
// a worker is waiting, so memory does not grow with the image.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace poolblame {

/// Threads to use: `wanted`, or as many as the machine has; never more than `chunks` or kMaxThreads.
inline unsigned ThreadsFor(unsigned wanted, std::uint64_t chunks) {
  constexpr unsigned kMaxThreads = 64;  // more only fight for the memory bus
  unsigned threads = wanted != 0 ? wanted : std::thread::hardware_concurrency();
  if (threads == 0) threads = 1;
  if (threads > kMaxThreads) threads = kMaxThreads;
  return chunks < threads ? static_cast<unsigned>(chunks == 0 ? 1 : chunks) : threads;
}

/// Calls `work(chunk)` for chunks [0, chunks) from several threads and `merge(chunk, result)` in ascending order, one
/// at a time. Neither may throw.
template <typename Work, typename Merge>
void RunChunksInOrder(unsigned threads, std::uint64_t chunks, Work&& work, Merge&& merge) {
  if (threads <= 1) {
    for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) merge(chunk, work(chunk));
    return;
  }
  std::mutex mutex;
  std::condition_variable turn;
  std::uint64_t next_to_take = 0, next_to_merge = 0;
  const auto worker = [&] {
    for (;;) {
      std::unique_lock lock(mutex);
      const std::uint64_t chunk = next_to_take++;
      if (chunk >= chunks) return;
      lock.unlock();
      auto result = work(chunk);
      lock.lock();
      turn.wait(lock, [&] { return next_to_merge == chunk; });
      merge(chunk, std::move(result));
      ++next_to_merge;
      turn.notify_all();
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < threads; ++i) workers.emplace_back(worker);
  worker();
  for (std::thread& thread : workers) thread.join();
}

}  // namespace poolblame
