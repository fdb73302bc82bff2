// What damage costs, in nats: the price list of the most-likely-page search (page_tiling.h). One table, each number
// with the corruption it prices. Only differences matter; they were chosen from the reasons given here and checked by
// the property tests (recovered boundaries on thousands of damaged pages), not fitted to samples.
#pragma once

namespace poolblame::cost {

/// Impossible: a clean byte that differs.
inline constexpr float kNever = 1e9F;

/// A run of damage that reaches a header at its first byte, as a linear overrun does: the usual way to be hit.
inline constexpr float kOpenAtStart = 5.0F;
/// A run that begins inside a header: bit flip, wild write, underrun. Rarer by about e^-2.
inline constexpr float kOpenInside = 7.0F;
/// A run that goes on by one byte: nearly free, damage is contiguous.
inline constexpr float kByte = 0.2F;
/// The same through payload between two headers, where nothing can be checked: an overrun of a few hundred bytes must
/// stay cheaper than two runs, one of a whole page must not.
inline constexpr float kPayloadByte = 0.004F;
/// A run that ends in the payload behind a header: anywhere there, so nearly free; and one that ends at one certain
/// byte of a header, which an overrun of random length does one time in ten or so.
inline constexpr float kClose = 0.5F;
inline constexpr float kCloseInside = 2.0F;
/// A written byte that happens to equal the right one: often when both are zero, else about ln 256 less what small
/// numbers give back.
inline constexpr float kEqualZero = 0.7F;
inline constexpr float kEqualOther = 4.0F;

/// The same for a PoolType that is merely legal: one in five bytes is.
inline constexpr float kLegalType = 1.5F;

/// A printable tag that no healthy block of the image has: new tags turn up all the time.
inline constexpr float kTagUnseen = 0.5F;
/// An unprintable tag on an allocated block, where the image has shown that this occurs …
inline constexpr float kTagOdd = 1.5F;
/// … and where it never does: more than opening a run for it.
inline constexpr float kTagNeverOdd = 12.0F;
/// A run that leaves a tag behind which other blocks carry, or one that is merely printable: text is.
inline constexpr float kTagKnownInRun = 5.0F;
inline constexpr float kTagPrintableInRun = 0.0F;
/// A legal PoolType that nothing else on the page has.
inline constexpr float kTypeUnseen = 1.0F;

/// Denying that two headers which agree with each other are neighbours: payload does not agree by chance, so the price
/// is near what it takes to damage such a pair. Where neither is allocated they may be what coalescing left behind in a
/// free block whose own header is gone.
inline constexpr float kDeniedLink = 7.0F;
inline constexpr float kDeniedFreedLink = 2.0F;
/// Denying one header's word about another where that one says otherwise, or its word that it ends with the page.
inline constexpr float kDeniedClaim = 4.0F;
/// The same where what lies at the other end does not look like a header: a byte out of a sound header seldom names a
/// place of the damaged run by chance.
inline constexpr float kDeniedClaimOnNothing = 3.5F;
/// A block whose own header says "free, and this long" pays this part of it: stale headers are normal there.
inline constexpr float kStaleShare = 0.15F;
/// The same where the block behind says another size: one of the two words is damaged.
inline constexpr float kStaleShareAlone = 0.6F;

/// The page starts with the tail of a big allocation, behind it a `Frag` block, or a free block without a left
/// neighbour.
inline constexpr float kLeadingFrag = 2.0F;
inline constexpr float kLeadingFree = 5.0F;

}  // namespace poolblame::cost
