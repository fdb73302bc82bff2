// The first line of a report, and whom it may name.
#include "cli/incident_words.h"

#include <gtest/gtest.h>

#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

TEST(Headline, NamesKindTagDriverPlaceAndSureness) {
  EXPECT_EQ(Headline(OverrunIncident()), "overrun by 'Culp' (culprit.sys) at 0xfffffa8001234100: strong, 91 %");
}

TEST(Headline, LeavesTheDriverOutWhereItIsNotKnown) {
  Incident incident = OverrunIncident();
  incident.suspects[0].owner = Owner{};
  incident.confidence = Confidence::kSuspect;
  EXPECT_EQ(Headline(incident), "overrun by 'Culp' at 0xfffffa8001234100: suspect, 91 %");
}

TEST(Headline, InsufficientNamesNobody) {
  Incident incident = OverrunIncident();
  incident.confidence = Confidence::kInsufficient;
  EXPECT_EQ(Headline(incident),
            "corruption at 0xfffffa8001234160: insufficient, no culprit named; likely an overrun (91 %)");
  EXPECT_FALSE(NamesCulprit(incident));
  EXPECT_EQ(OwnerText(incident, incident.suspects[0]), "");
  EXPECT_EQ(SuspectText(incident, incident.suspects[0]), "overrun by 'Culp' at 0xfffffa8001234100");
}

TEST(Headline, ABitFlipIsNobodysFault) {
  Incident incident = OverrunIncident();
  incident.kind = FaultKind::kBitFlip;
  incident.kind_probabilities = {{FaultKind::kBitFlip, 0.97}, {FaultKind::kOverrun, 0.03}};
  EXPECT_EQ(Headline(incident),
            "bit flip at 0xfffffa8001234160 in 'Vict': hardware rather than a driver, strong, 97 %");
  EXPECT_EQ(OwnerText(incident, incident.suspects[0]), "");
  EXPECT_EQ(SuspectText(incident, incident.suspects[0]), "overrun by 'Culp' at 0xfffffa8001234100");
}

TEST(Headline, UnknownCauseIsSaidSo) {
  Incident incident = OverrunIncident();
  incident.kind = FaultKind::kUnknown;
  incident.suspects.erase(incident.suspects.begin(), incident.suspects.begin() + 3);
  EXPECT_EQ(Headline(incident), "corruption at 0xfffffa8001234160: no block to blame, no culprit named; cause unknown");
}

TEST(Headline, AKindWithoutABlockNamesNoBlock) {
  Incident incident = OverrunIncident();
  incident.suspects.front().role = SuspectRole::kUnknown;
  incident.suspects.front().block.reset();
  EXPECT_EQ(Headline(incident),
            "corruption at 0xfffffa8001234160: no block to blame, no culprit named; likely an overrun (91 %)");
}

TEST(Headline, ABlockWithoutTagIsCalledWhatItIs) {
  Incident incident = OverrunIncident();
  incident.suspects[0].owner = Owner{};
  incident.suspects[0].block->tag = PoolTag{0};
  EXPECT_EQ(Headline(incident), "overrun by a block of unknown tag at 0xfffffa8001234100: strong, 91 %");
  incident.suspects[0].block->state = BlockState::kBig;
  EXPECT_EQ(Headline(incident), "overrun by a big allocation at 0xfffffa8001234100: strong, 91 %");
}

TEST(Headline, PhysicalAddressesAreCalledSo) {
  Incident incident = OverrunIncident();
  incident.page.reset();
  incident.suspects[0].block->physical = true;
  incident.suspects[0].block->header = 0x7654100;
  EXPECT_EQ(Headline(incident), "overrun by 'Culp' (culprit.sys) at physical 0x0000000007654100: strong, 91 %");
}

TEST(SuspectText, CoversEveryRole) {
  const Incident incident = OverrunIncident();
  EXPECT_EQ(SuspectText(incident, incident.suspects[1]), "underrun by 'Vict' (victim.sys) at 0xfffffa8001234160");
  EXPECT_EQ(SuspectText(incident, incident.suspects[2]), "hardware (a bit flip)");
  EXPECT_EQ(SuspectText(incident, incident.suspects[3]), "cause unknown");
}

TEST(OwnerText, SaysHowItIsKnown) {
  Incident incident = OverrunIncident();
  EXPECT_EQ(OwnerText(incident, incident.suspects[0]), "culprit.sys, Example Inc. (its code holds this tag)");
  EXPECT_EQ(OwnerText(incident, incident.suspects[1]), "victim.sys (by the tag table)");
  incident.suspects[1].owner.source = "pooltag.txt";
  EXPECT_EQ(OwnerText(incident, incident.suspects[1]), "victim.sys (by your file of tags)");
}

TEST(TagText, ATagThatIsNoTextIsANumber) {
  EXPECT_EQ(TagText(PoolTag::FromText("Ntf")), "'Ntf '");
  EXPECT_EQ(TagText({0x0A0D071B}), "tag 0x0a0d071b");
  EXPECT_EQ(TagText({0}), "no tag");
}

TEST(Headline, EscapesHostileNames) {
  Incident incident = OverrunIncident();
  incident.suspects[0].owner.driver = "a\x1b[31m.sys";
  EXPECT_EQ(Headline(incident), "overrun by 'Culp' (a\\x1b[31m.sys) at 0xfffffa8001234100: strong, 91 %");
}

}  // namespace
}  // namespace poolblame::cli
