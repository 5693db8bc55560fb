import { foldCase } from './fold-case.ts'

// NIST SP 800-63B-4 §3.1.1.2: "context-specific words, such as the name of the service"
const OWN = ['rekindle']

let list: Promise<ReadonlySet<string>> | undefined

/**
 * Whether a password is in the list of `@zxcvbn-ts/language-common`, ignoring case and width, or repeats one character.
 * The list takes 14 MiB of memory and is loaded on first use.
 */
export async function isCommon(password: string): Promise<boolean> {
  const key = foldCase(password)
  if (/^(.)\1*$/su.test(key)) return true
  list ??= read()
  return (await list).has(key)
}

async function read(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return new Set([...OWN, ...Object.values(dictionary).flat()])
}
