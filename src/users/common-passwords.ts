import { foldCase } from './fold-case.ts'

// NIST SP 800-63B-4 §3.1.1.2: "context-specific words, such as the name of the service"
const OWN = ['rekindle']

let list: Promise<ReadonlySet<string>> | undefined

/**
 * Whether a password is one that is tried first: in the list of `@zxcvbn-ts/language-common`, in whatever case or width,
 * or one character over and over, of which no list has all. The list takes 14 MiB, and is read when it is first needed.
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
