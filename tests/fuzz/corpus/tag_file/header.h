/* Tags of a driver */
#pragma once
#define TAG_FOO                 'ooF '
#define TAG_BAR                 '  oI' // Io
#define FOO_POOL_TAG (ULONG)'gaTF'
#define FOO_TAG ((ULONG)'\x67\141TF')
#define BUS_TAG 'SUB'
#define OLD_TAG TAG('O','l','d',' ')
#define LONG_TAG \
  'toolong'
static const ULONG kTag = 'gaTk';
constexpr ULONG kBrace{'ecrB'};
enum Tags { A = '1gaT', B = '2gaT' };
#define Allocate(n) ExAllocatePoolWithTag(PagedPool, n, 'gaTF')
