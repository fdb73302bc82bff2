// The steps of ScanPool, in order: choose the layout, pass over the pages, find their addresses, learn what holds on
// this image, collect from healthy pages, examine the others, ask for the pages that the bug check names.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/pool/census_statistics.h"
#include "parser/pool/page_findings.h"
#include "parser/pool/page_source.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

class CensusBuilder {
 public:
  CensusBuilder(const AddressSpace& space, const System& system, const ScanOptions& options);
  PoolCensus Build();

 private:
  // What is known of a page by its address: index in the found list is not needed, only that it is pool.
  struct Suspects {
    std::vector<FoundPage> strong, weak, special;
  };

  void ChooseLayout();
  void VoteOnLayout(std::vector<const PoolHeaderLayout*> candidates, LayoutSource source);
  void Scan(const HeaderReader& reader);
  Suspects CollectHealthy(const HeaderReader& reader, std::vector<VirtAddr>& pool_addresses);
  void ReportBrokenLinks(const HeaderReader& reader, const std::vector<FoundPage>& pages);
  void Examine(const HeaderReader& reader, const Suspects& suspects, const std::vector<VirtAddr>& pool_addresses);
  void ExamineSlush();
  void ExamineSpecial(const std::vector<FoundPage>& special);
  void AddSpecialFinding(SpecialPoolPage&& page);
  bool IsSpecialPoolNamed(VirtAddr page);
  void TellUnrecognised();
  void AskForNamedPages(const HeaderReader* reader);
  void AskForNamedPage(const BugCheckAddress& named, const HeaderReader* reader);
  void TellIfOutside(VirtAddr named);
  [[nodiscard]] bool IsInsideBigAllocation(const FoundPage& found) const;
  void CountBlocks(const PoolPage& page);
  void AddFinding(PoolPage&& page, std::uint64_t where);
  void MoveFindings();
  void FinishFindings();
  void TellLeftOut();
  void NameAllocator();
  void AddNotJudged(std::string reason, std::optional<VirtAddr> address);
  [[nodiscard]] ImageKnowledge Knowledge() const { return {census_.trust, &census_.tags}; }

  const AddressSpace& space_;
  const System& system_;
  const ScanOptions& options_;
  PageSource source_;
  PageScan scan_;
  PoolCensus census_;
  std::vector<std::pair<std::uint64_t, PoolPage>> findings_;  // with their place in the image
  std::uint64_t not_judged_left_out_ = 0;
};

}  // namespace poolblame
