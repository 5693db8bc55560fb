import { caseFold } from 'unicode-case-folding'

/**
 * Folds a username for comparison: `Ada`, `ADA` and `ａｄａ` are the same. This is the "compatibility caseless match" of
 * Unicode §3.13 D146, in composed form. Invisible characters are removed, as in D147, so that no name imitates another.
 */
export function foldCase(username: string): string {
  const once = caseFold(username.normalize('NFD')).normalize('NFKC')
  return caseFold(once)
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
}
