import { runTarget } from './run.ts';
const [,, name, n, seed='1'] = process.argv;
const r = await runTarget(name!, {registry: new URL('./targets.ts', import.meta.url), seed, inputs: Number(n), patience: 4000});
console.log({...r, coverage: undefined, failures: r.failures.map(f=>({index:f.index, what:f.what.slice(0,600), stack:f.stack.slice(0,800), small: Buffer.from(f.small).toString('latin1').slice(0,600), n: f.small.length}))});
