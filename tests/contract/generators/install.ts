import { installPackages } from '../../support/install-packages.ts'

/** Installs the generators, which are 470 packages. @returns a directory with their `node_modules` */
export const installGenerators = (): string => installPackages(new URL('.', import.meta.url), 'generators')
