// What every hostile input goes through, whoever made it: libFuzzer, the replay of its corpus, or the hostile driver.
// All of it is in memory and on one thread. What must hold for any input at all is checked here, so that a wrong
// report is found as well as a crash.
#pragma once

#include "parser/base/byte_view.h"
#include "parser/image/image.h"

namespace poolblame::fuzz {

/// Opens the image and asks for the system, the pool and the report. Aborts when the report breaks a promise
/// (probabilities that do not add up to 1, damage that ends before it starts, blocks outside their page).
void ExerciseImage(ByteView bytes, const OpenOptions& options);

/// The same without looking at any pool: container, translation, system.
void ExerciseReader(ByteView bytes, const OpenOptions& options);

/// One page: the first byte chooses the layout row, the next 4096 are classified, walked and reconstructed.
void ExercisePage(ByteView bytes);

/// A pooltag.txt, and a look-up of every tag that its first bytes spell.
void ExerciseTagFile(ByteView bytes);

/// --symbols FILE, packed or not; what it says is used on a small image whose debugger data block cannot be read.
void ExerciseSymbols(ByteView bytes);

/// What `correlate` reads. Aborts when a partial result does not rank as what it was made of.
void ExerciseReports(ByteView bytes);

}  // namespace poolblame::fuzz
