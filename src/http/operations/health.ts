import { refuseTooNew, schemaState } from '../../store/migrate.ts'
import { assureWriting } from '../assure-writing.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { setHeader } from '../pipeline/headers.ts'
import { contract, DOCS_POLICY, docsAsset, docsPage } from './docs-page.ts'

/** Handlers of the contract's tag `operations` */
export const operationHandlers = (
  core: Core,
): Pick<Handlers, 'livez' | 'readyz' | 'openapi' | 'docs' | 'docsAsset'> => ({
  livez: (_c, { success }) => success(200, { message: 'Alive' }),

  async readyz(_c, { success, failure }) {
    if (core.shutdown.draining) return failure(503, 'Shutting down.')
    try {
      await assureWriting(core)
      const state = await schemaState(core.db)
      const { pending, unknown } = state
      // A newer version may have migrated the database while this one runs.
      if (pending.length === 0) refuseTooNew(state)
      if (unknown.length > 0) core.log.warn({ unknown }, 'the database is newer than this program')
      if (pending.length === 0) return success(200, { message: 'Ready' })
      core.log.error({ pending }, 'the database is not migrated')
    } catch (error) {
      core.log.error({ err: error }, 'the database cannot be used')
    }
    return failure(503, 'Service unavailable.')
  },

  openapi: (_c, { raw }) => raw(200, 'application/json', contract),

  docs(c, { raw }) {
    setHeader(c, 'Content-Security-Policy', DOCS_POLICY)
    return raw(200, 'text/html', docsPage)
  },

  docsAsset(c, { path, raw, failure }) {
    const asset = docsAsset(path.asset)
    if (asset === undefined) return failure(404, 'Not found.')
    setHeader(c, 'Content-Security-Policy', DOCS_POLICY)
    return raw(200, asset.type, asset.bytes)
  },
})
