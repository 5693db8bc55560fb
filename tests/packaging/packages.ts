/** What is done with every package that the build makes */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Packed {
  /** Name and version, such as `rekindle@0.1.0` */
  readonly id: string
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

/** Packs a directory of a checkout into another one. */
export function pack(source: string, target: string, checkout = ROOT): Packed {
  const args = ['pack', source, '--json', '--silent', '--pack-destination', target]
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: checkout, encoding: 'utf8' })) as Packed[]
  assert.ok(packed !== undefined)
  return packed
}

/** Installs a packed package into an empty project. @returns the lock file's packages, by path */
export function install(directory: string, { filename }: Packed) {
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }')
  const args = ['install', '--prefer-offline', '--loglevel=error', `./${filename}`]
  execFileSync('npm', args, { cwd: directory })
  const lock = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8'))
  const { '': _, ...packages } = lock.packages as Record<string, { readonly hasInstallScript?: boolean }>
  return packages
}

/** Fails if publint or Are The Types Wrong find other problems. @param expected such as `NoResolution node10` */
export async function assertPublishable(tarball: Buffer, expected: readonly string[]): Promise<void> {
  const { messages } = await publint({ strict: true, pack: { tarball: Uint8Array.from(tarball).buffer } })
  assert.deepEqual(messages, [])
  const checked = await checkPackage(createPackageFromTarballData(Uint8Array.from(tarball)))
  const problems = checked.types ? checked.problems : []
  const told = problems.map(
    (problem) => `${problem.kind} ${'resolutionKind' in problem && problem.resolutionKind}`,
  )
  assert.deepEqual(
    told.filter((problem) => !expected.includes(problem)),
    [],
  )
  assert.deepEqual(checked.types, { kind: 'included' })
}

/** Compiles one file strictly. @returns what the compiler has to say */
export function compile(directory: string, file: string, options: object): string {
  const compilerOptions = { strict: true, resolveJsonModule: true, noEmit: true, ...options }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [tsc, '-p', directory], { cwd: directory, encoding: 'utf8' }).stdout
}

/** The declarations of Node, where they are not installed */
export const NODE_TYPES = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] }
