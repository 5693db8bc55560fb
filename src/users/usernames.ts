import { caseFold } from 'unicode-case-folding'

/**
 * What usernames are compared by, so that `Ada`, `ADA` and `ａｄａ` are one. Unicode §3.13 D146: "compatibility
 * caseless match", in composed form.
 */
export function usernameKey(username: string): string {
  const once = caseFold(username.normalize('NFD')).normalize('NFKC')
  return caseFold(once).normalize('NFKC')
}
