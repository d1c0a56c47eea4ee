'use strict'

const at = id => document.getElementById(id)

// What GitLab's documentation of achievements begins with, and what one asks next.
const examples = {
  'Who am I': ['query {\n  currentUser { id username name }\n}', {}],
  'A profile': ['query ($username: String!) {\n  user(username: $username) {\n    name\n    userAchievements {\n      count\n      nodes {\n        id\n        createdAt\n        awardMessage\n        achievement { name description avatarUrl namespace { fullPath name } }\n      }\n    }\n  }\n}', { username: 'ada' }],
  'A group and its achievements': ['query ($fullPath: ID!) {\n  group(fullPath: $fullPath) {\n    id\n    achievements(first: 20) {\n      nodes { id name kind uniqueUsers(first: 10) { count nodes { username } } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n}', { fullPath: 'acme' }],
  'Create an achievement': ['mutation ($input: AchievementsCreateInput!) {\n  achievementsCreate(input: $input) {\n    errors\n    achievement { id name description }\n  }\n}', { input: { namespaceId: 'gid://gitlab/Namespace/1', name: 'Hero', description: 'Saved the day' } }],
  'Award an achievement': ['mutation ($input: AchievementsAwardInput!) {\n  achievementsAward(input: $input) {\n    errors\n    userAchievement { id achievement { name } user { username } }\n  }\n}', { input: { achievementId: 'gid://gitlab/Achievements::Achievement/1', userId: 'gid://gitlab/User/2', awardMessage: 'Thank you!' } }],
  'Revoke an award': ['mutation ($input: AchievementsRevokeInput!) {\n  achievementsRevoke(input: $input) {\n    errors\n    userAchievement { id revokedAt }\n  }\n}', { input: { userAchievementId: 'gid://gitlab/Achievements::UserAchievement/1' } }],
}

async function ask(query, variables) {
  const headers = { 'Content-Type': 'application/json' }
  const token = at('token').value.trim()
  if (token) headers.Authorization = 'Bearer ' + token
  // From where this page is: a proxy may put the service below a path.
  const response = await fetch('../api/graphql', { method: 'POST', headers, credentials: 'omit', body: JSON.stringify({ query, variables }) })
  const text = await response.text()
  try {
    return [response.status, JSON.parse(text)]
  } catch {
    return [response.status, text]
  }
}

async function run() {
  let variables
  try {
    variables = JSON.parse(at('variables').value.trim() || '{}')
  } catch (problem) {
    at('status').textContent = 'The variables are no JSON: ' + problem.message
    at('variables').focus()
    return
  }
  at('run').disabled = true
  const began = performance.now()
  try {
    const [status, answer] = await ask(at('query').value, variables)
    const errors = answer.errors ? `, ${answer.errors.length} error${answer.errors.length > 1 ? 's' : ''}` : ''
    at('status').textContent = `Status ${status}${errors}, ${Math.round(performance.now() - began)} ms`
    at('answer').textContent = typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2)
  } catch (problem) {
    at('status').textContent = 'The service did not answer: ' + problem.message
  }
  at('run').disabled = false
}

function choose(name) {
  const [query, variables] = examples[name]
  at('query').value = query
  at('variables').value = JSON.stringify(variables, null, 2)
}

const introspection = `{ __schema { types { name kind description
  fields { name description args { name type { ...type } } type { ...type } }
  inputFields { name description type { ...type } } enumValues { name } } } }
fragment type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

function spell(type) {
  if (type.kind === 'NON_NULL') return spell(type.ofType) + '!'
  if (type.kind === 'LIST') return '[' + spell(type.ofType) + ']'
  return type.name
}

function element(name, text, ...children) {
  const made = document.createElement(name)
  if (text) made.textContent = text
  made.append(...children)
  return made
}

function describe(type) {
  const rows = [...(type.fields || []), ...(type.inputFields || [])].map(field => {
    const args = (field.args || []).map(arg => `${arg.name}: ${spell(arg.type)}`).join(', ')
    const row = element('li', '', element('code', `${field.name}${args ? `(${args})` : ''}: ${spell(field.type)}`))
    if (field.description) row.append(element('small', field.description))
    return row
  })
  for (const value of type.enumValues || []) rows.push(element('li', '', element('code', value.name)))
  const details = element('details', '', element('summary', type.name))
  if (type.description) details.append(element('small', type.description))
  details.append(element('ul', '', ...rows))
  details.dataset.words = details.textContent.toLowerCase()
  return details
}

async function showSchema() {
  const [, answer] = await ask(introspection)
  if (!answer.data) return
  const order = name => ['Query', 'Mutation'].indexOf(name) < 0 ? 2 : ['Query', 'Mutation'].indexOf(name)
  const types = answer.data.__schema.types.filter(type => !type.name.startsWith('__'))
  types.sort((a, b) => order(a.name) - order(b.name) || a.name.localeCompare(b.name))
  at('schema').replaceChildren(...types.map(describe))
}

function search() {
  const wanted = at('search').value.trim().toLowerCase()
  for (const details of at('schema').children) {
    details.hidden = !details.dataset.words.includes(wanted)
    details.open = wanted.length > 2 && !details.hidden
  }
}

for (const name of Object.keys(examples)) at('examples').append(new Option(name))
at('examples').addEventListener('change', event => choose(event.target.value))
at('ask').addEventListener('submit', event => {
  event.preventDefault()
  run()
})
at('search').addEventListener('input', search)
document.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run()
})
choose('Who am I')
showSchema()
