import { caseFold } from 'unicode-case-folding'

/**
 * What usernames are compared by, so that `Ada`, `ADA` and `ａｄａ` are one. Unicode §3.13 D146: "compatibility
 * caseless match", in composed form, and as D147 without what is not seen: nobody takes a name that looks like Ada's.
 */
export function foldCase(username: string): string {
  const once = caseFold(username.normalize('NFD')).normalize('NFKC')
  return caseFold(once)
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
}
