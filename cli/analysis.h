// One image from its path to the whole answer: open, translate, read the system, scan the pool, judge. Every command
// and any other front end goes through here, so that they cannot disagree about the same image.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "parser/base/error.h"
#include "parser/image/address_space.h"
#include "parser/image/image.h"
#include "parser/kernel/kernel_symbols.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/pool_page.h"
#include "pooltag/tag_database.h"

namespace poolblame::cli {

struct AnalysisOptions {
  OpenOptions open;
  ScanOptions scan;
  std::optional<KernelSymbols> symbols;
};

/// Everything a report says, as facts. Renderers take this and nothing else, so tests can make one by hand.
struct ImageReport {
  ImageFacts image;
  System system;
  PoolCensus census;
  Report report;
  std::vector<bool> bugcheck_address_in_image;          // one for each of system.bugcheck->addresses
  std::vector<std::optional<PoolPage>> incident_pages;  // one for each incident: the page to draw

  /// Notes of the container, the system, the scan and the judgement, in this order, each once.
  [[nodiscard]] std::vector<std::string> AllNotes() const;
  /// What the scan and the judgement left out, in this order, each once.
  [[nodiscard]] std::vector<NotJudged> AllNotJudged() const;
};

/// An image that stays open: `space` and every view in `facts` live as long as this object.
struct Analysis {
  explicit Analysis(Image opened);

  Image image;
  AddressSpace space;  // holds a pointer to `image`, which is why an Analysis never moves
  ImageReport facts;

  Analysis(const Analysis&) = delete;
  Analysis& operator=(const Analysis&) = delete;
};

/// Opens the image, reads the system and scans the pool; `facts.report` stays empty. Cost: every byte once.
Result<std::unique_ptr<Analysis>> ScanImage(const std::string& path, const AnalysisOptions& options);

/// ScanImage and the judgement. Fails as Image::Open does; what goes wrong later becomes a note.
Result<std::unique_ptr<Analysis>> AnalyseImage(const std::string& path, const AnalysisOptions& options,
                                               const TagDatabase& tags);

/// The same of an image that is open already, as in memory.
std::unique_ptr<Analysis> AnalyseOpenImage(Image image, const ScanOptions& options, const TagDatabase& tags);

/// The owner that may be printed for this suspect: none where the most probable kind is a bit flip or the confidence
/// is insufficient (REPORT.md's rule; a wrong accusation costs more than silence).
Owner NameableOwner(const Incident& incident, const Suspect& suspect);

}  // namespace poolblame::cli
