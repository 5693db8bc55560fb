import type { Generator } from './generator.ts'

/** With validators by zod, and handlers for MSW */
export const orvalFetch: Generator = {
  files: {
    'orval.config.mjs': `
      const baseUrl = { runtime: 'base.url', imports: [{ name: 'base', importPath: './base', values: true }] }
      // Texts that faker makes of a pattern do not always match it.
      const mock = { generators: [{ type: 'msw', useExamples: true }, { type: 'faker', useExamples: true }] }
      export default {
        api: { input: 'CONTRACT', output: { target: 'api.ts', client: 'fetch', mode: 'split', baseUrl } },
        zod: { input: 'CONTRACT', output: { target: 'zod.ts', client: 'zod' } },
        msw: { input: 'CONTRACT', output: { target: 'mock.ts', client: 'fetch', mode: 'split', mock } },
      }`,
    'base.ts': `export const base = { url: '' }`,
    'program.ts': `
      import { setupServer } from 'msw/node'
      import { login, logout, me, refreshToken, register } from './api'
      import { base } from './base'
      import { getMeMockHandler, getRekindleMock } from './mock.msw'
      import * as zod from './zod'

      const bearer = (token: string | undefined) => ({ headers: { Authorization: 'Bearer ' + token } })

      export async function walk(url: string, username: string, password: string) {
        base.url = url
        await register(zod.RegisterBody.parse({ username, password }))
        const wrong = await login({ username, password: 'not this one' })
        if (wrong.status !== 401) throw new Error('another answer')
        const { code, message } = wrong.data
        const word = wrong.headers.get('Rekindle-Error')
        const opened = await login({ username, password })
        if (opened.status !== 200) throw new Error(opened.data.message)
        const { data } = zod.LoginResponse.parse(opened.data)
        const user = await me(bearer(data.access_token))
        if (user.status !== 200) throw new Error(user.data.message)
        const refreshed = await refreshToken(bearer(opened.data.data.refresh_token))
        if (refreshed.status !== 200) throw new Error(refreshed.data.message)
        const token = zod.RefreshTokenResponse.parse(refreshed.data).data.refresh_token
        // @ts-expect-error
        refreshed.data.data.nothing
        const ended = await logout(bearer(token))
        if (ended.status !== 200) throw new Error(ended.data.message)
        await mocked(username)
        return {
          username: zod.MeResponse.parse(user.data).data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.data.refresh_token, token],
          message: ended.data.data.message,
        }
      }

      /** What the handlers answer fits the validators. MSW does not see requests on connections that are open already. */
      async function mocked(username: string) {
        base.url = 'http://mocked.test'
        const server = setupServer(getMeMockHandler({ status: 'success', code: 200,
          data: { id: '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21', username, created_at: '2026-11-30T00:00:00Z' },
        }), ...getRekindleMock())
        server.listen({ onUnhandledFrame: 'error' })
        try {
          zod.LoginResponse.parse((await login({ username, password: 'any password' })).data)
          zod.RefreshTokenResponse.parse((await refreshToken()).data)
          const { data } = zod.MeResponse.parse((await me()).data)
          if (data.username !== username) throw new Error('not the handler of the test')
        } finally {
          server.close()
        }
      }`,
  },
  commands: [['orval', '--config', 'orval.config.mjs']],
  packages: { zod: 'zod4' },
}

export const orvalAxios: Generator = {
  files: {
    'orval.config.mjs': `
      export default { api: { input: 'CONTRACT', output: { target: 'api.ts', client: 'axios' } } }`,
    'program.ts': `
      import axios from 'axios'
      import type { LoginResult } from './api'
      import { getRekindle } from './api'

      const bearer = (token: string | undefined) => ({ headers: { Authorization: 'Bearer ' + token } })

      export async function walk(baseURL: string, username: string, password: string) {
        const api = getRekindle(axios.create({ baseURL }))
        await api.register({ username, password })
        // It has no types for errors.
        const wrong: unknown = await api.login({ username, password: 'not this one' }).catch((thrown) => thrown)
        if (!axios.isAxiosError<{ code: number; message: string }>(wrong)) throw new Error('another answer')
        const { code, message } = wrong.response?.data ?? { code: 0, message: '' }
        const word = wrong.response?.headers['rekindle-error']
        const opened: LoginResult = await api.login({ username, password })
        const { data: user } = await api.me(bearer(opened.data.data.access_token))
        const { data: refreshed } = await api.refreshToken(bearer(opened.data.data.refresh_token))
        const token = refreshed.data.refresh_token
        // @ts-expect-error
        refreshed.data.nothing
        const { data: ended } = await api.logout(bearer(token))
        return {
          username: user.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.data.refresh_token, token],
          message: ended.data.message,
        }
      }`,
  },
  commands: [['orval', '--config', 'orval.config.mjs']],
}
