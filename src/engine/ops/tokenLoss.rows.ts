/**
 * The row kernel of `tokenLoss`: all terms of a loss in one go over a chunk of logits. A row's threads find the
 * largest logits, make the terms' passes, and overwrite the logits with their gradient
 *   dz = scale * sum over terms of weight_i * d value_i / dz
 * so that a chunk needs no second buffer. One thread a row on software adapters, a workgroup on real ones.
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { launch } from '../dispatch';
import { hostTensor, valueOf, type LiveNumber } from '../host';
import { kernelFamily, type Element } from '../kernel';
import { variants } from '../variants';
import { rowGroup, unroll } from '../wgsl';
import type { RowTerm, TermCode } from './rowTerms';
import type { Logits, LogitsSize } from './tokenLoss.logits';

// Every device binds 8 storage buffers to a shader: logits, values, labels, scalars, and up to 4 teachers.
const MOST_TEACHERS = 4;

interface KernelTerm {
  code: TermCode;
  scalars: readonly string[];
  /** Which teacher's logits are `t`; null without one. */
  teacher: number | null;
}

/** Everything that the kernel's text depends on. */
interface RowKernel {
  terms: readonly KernelTerm[];
  teachers: number;
  gradient: boolean;
  /** The gradient is written times a number of the host's. */
  lifted: boolean;
  threads: number;
  lanes: number;
}

const entries = (record: Readonly<Record<string, string>> = {}) => Object.entries(record);

/** The names a term's text may use, bound to the kernel's variables; `stages` of its stages are done. */
function bindNames(term: KernelTerm, k: number, stages: number): string {
  const done = term.code.stages.slice(0, stages);
  const found = done.flatMap(({ sums, constants }) => [
    ...Object.keys(sums),
    ...Object.keys(constants ?? {}),
  ]);
  const { teacher } = term;
  return [
    'let classes = f32(u.classes);',
    ...(teacher === null ? [] : [`let tMax = tMax${teacher};`]),
    ...term.scalars.map((name) => `let ${name} = p${k}_${name};`),
    ...found.map((name) => `let ${name} = c${k}_${name};`),
  ].join(' ');
}

/** Statements that run once for every four classes of a scored row; `live` tells which of them exist. */
const pass = (p: RowKernel, body: string) => `
  for (var i = lane; i < scoredQuads; i += ${p.threads}u) {
    let live = vec4u(0u, 1u, 2u, 3u) + i * 4u < vec4u(u.classes);
    let z = logits[base + i];
    ${unroll(p.teachers, (n) => `let t${n} = teacher${n}[base + i];`)}
    ${body}
  }`;

const HIT = 'let hit = select(vec4f(), vec4f(1.0), vec4i(0, 1, 2, 3) + i32(i) * 4 == vec4i(label));';
const bindTeacher = ({ teacher }: KernelTerm) => (teacher === null ? '' : `let t = t${teacher};`);

function largest(p: RowKernel, group: ReturnType<typeof rowGroup>): string {
  const names = ['z', ...Array.from({ length: p.teachers }, (_, n) => `t${n}`)];
  const variable = (name: string) => name.replace(/^./, (letter) => `${letter}Max`);
  const fold = (name: string) => {
    const all = `max(max(m_${name}.x, m_${name}.y), max(m_${name}.z, m_${name}.w))`;
    return `var ${variable(name)} = ${all}; ${group.max(variable(name))}`;
  };
  return `
  ${names.map((name) => `var m_${name} = vec4f(-3.4e38);`).join(' ')}
  ${pass(p, names.map((name) => `m_${name} = max(m_${name}, select(vec4f(-3.4e38), ${name}, live));`).join('\n'))}
  ${names.map(fold).join('\n')}`;
}

/** Pass `stage` of every term that has one, and the constants that follow from it. */
function stagePass(p: RowKernel, stage: number, group: ReturnType<typeof rowGroup>): string {
  const taking = p.terms.flatMap((term, k) => (term.code.stages[stage] ? [{ term, k }] : []));
  const sums = taking.flatMap(({ term, k }) =>
    entries(term.code.stages[stage]!.sums).map(([name]) => `${k}_${name}`),
  );
  const add = ({ term, k }: { term: KernelTerm; k: number }) => `{
    ${bindNames(term, k, stage)} ${bindTeacher(term)}
    ${entries(term.code.stages[stage]!.sums)
      .map(([name, text]) => `s${k}_${name} += select(vec4f(), vec4f(${text}), live);`)
      .join('\n')} }`;
  const constants = ({ term, k }: { term: KernelTerm; k: number }) => {
    const own = entries(term.code.stages[stage]!.constants);
    if (own.length === 0) return '';
    const known = Object.keys(term.code.stages[stage]!.sums).map((name) => `let ${name} = c${k}_${name};`);
    return `${own.map(([name]) => `var c${k}_${name} = 0.0;`).join(' ')} {
    ${bindNames(term, k, stage)} ${known.join(' ')}
    ${own.map(([name, text]) => `let ${name} = ${text}; c${k}_${name} = ${name};`).join('\n')} }`;
  };
  return `
  ${sums.map((name) => `var s${name} = vec4f();`).join(' ')}
  ${pass(p, `${HIT} ${taking.map(add).join('\n')}`)}
  ${sums.map((name) => `var c${name} = dot(s${name}, vec4f(1.0)); ${group.sum(`c${name}`)}`).join('\n')}
  ${taking.map(constants).join('\n')}`;
}

function valuePass(p: RowKernel, group: ReturnType<typeof rowGroup>): string {
  const add = (term: KernelTerm, k: number) => `{
    ${bindNames(term, k, term.code.stages.length)} ${bindTeacher(term)}
    ${entries(term.code.locals)
      .map(([name, text]) => `let ${name} = ${text};`)
      .join('\n')}
    v${k} += select(vec4f(), vec4f(${term.code.value}), live);
    ${p.gradient ? `gradient += weight${k} * vec4f(${term.code.gradient});` : ''} }`;
  return `
  ${p.terms.map((_, k) => `var v${k} = vec4f();`).join(' ')}
  ${pass(
    p,
    `${HIT} ${p.gradient ? 'var gradient = vec4f();' : ''}
    ${p.terms.map(add).join('\n')}
    ${p.gradient ? `logits[base + i] = select(vec4f(), gradient${p.lifted ? ' * lift' : ''}, live);` : ''}`,
  )}
  ${
    p.gradient
      ? `if (!scored) { for (var i = lane; i < u.quads; i += ${p.threads}u) { logits[base + i] = vec4f(); } }`
      : ''
  }
  ${p.terms
    .map(
      (_, k) => `var value${k} = dot(v${k}, vec4f(1.0)); ${group.sum(`value${k}`)}
  if (lane == 0u) { values[${k}u * u.total + u.first + row] = weight${k} * value${k}; }`,
    )
    .join('\n')}`;
}

const rowKernel = kernelFamily<RowKernel, string, 'rows' | 'first' | 'total' | 'classes' | 'quads'>(
  'TokenLoss',
  (p) => {
    const group = rowGroup(p.threads, p.lanes);
    const stages = Math.max(0, ...p.terms.map((term) => term.code.stages.length));
    const teachers = Array.from({ length: p.teachers }, (_, n) => [`teacher${n}`, 'vec4f']);
    let scalar = 1;
    const scalars = p.terms.map(
      (term, k) => `let weight${k} = scalars[0] * scalars[${scalar++}];
  ${term.scalars.map((name) => `let p${k}_${name} = scalars[${scalar++}];`).join(' ')}`,
    );
    return {
      write: p.gradient ? { logits: 'vec4f', values: 'f32' } : { values: 'f32' },
      read: {
        ...(p.gradient ? {} : { logits: 'vec4f' as Element }),
        labels: 'i32',
        scalars: 'f32',
        ...(Object.fromEntries(teachers) as Record<string, Element>),
      },
      scalars: { rows: 'u32', first: 'u32', total: 'u32', classes: 'u32', quads: 'u32' },
      workgroupSize: group.workgroupSize,
      enables: group.enables,
      helpers: group.scratch,
      main: `${group.index}
  if (row >= u.rows) { return; }
  let base = row * u.quads;
  let label = labels[u.first + row];
  let scored = label >= 0;
  let scoredQuads = select(0u, u.quads, scored);
  ${scalars.join('\n')}
  ${p.lifted ? `let lift = scalars[${scalar}];` : ''}
  ${largest(p, group)}
  ${unroll(stages, (stage) => stagePass(p, stage, group))}
  ${valuePass(p, group)}`,
    };
  },
);

/** The terms of one loss, ready to run over chunks. */
export interface RowPass {
  /** The teachers in the order in which `run` takes their chunks. */
  readonly teachers: readonly Logits[];
  /**
   * Writes values[k * N + first + row] = scale * weight_k * value_k and, with gradients, overwrites `chunk` by
   * its gradient.
   */
  run(chunk: TensorInfo, teachers: readonly TensorInfo[], first: number, count: number): void;
}

/**
 * Prepares the row kernel. labels [N] int32, values [terms * N]. Uploads scale, weights and scalars as one small
 * tensor that the surrounding `tidy` disposes. The gradient is written times `lift`. Throws ShapeError for more than four different teachers.
 */
export function rowPass(
  terms: readonly RowTerm[],
  { rows: total, classes, stride }: LogitsSize,
  {
    labels,
    scale,
    values,
    gradient,
    lift,
  }: {
    labels: Tensor;
    scale: LiveNumber;
    values: TensorInfo;
    gradient: boolean;
    lift: LiveNumber | undefined;
  },
): RowPass {
  const teachers = [...new Set(terms.flatMap(({ teacher }) => (teacher ? [teacher] : [])))];
  if (teachers.length > MOST_TEACHERS) {
    throw new ShapeError(
      `a loss compares with ${teachers.length} teachers, at most ${MOST_TEACHERS} fit one kernel`,
    );
  }
  const kernel = rowKernel({
    terms: terms.map(({ code, scalars, teacher }) => ({
      code,
      scalars: Object.keys(scalars),
      teacher: teacher ? teachers.indexOf(teacher) : null,
    })),
    teachers: teachers.length,
    gradient,
    lifted: lift !== undefined,
    threads: variants().vocabularyThreads,
    lanes: variants().rowLanes,
  });
  const ofTerms = terms.flatMap(({ weight, scalars }) => [weight, ...Object.values(scalars)]);
  const numbers = [scale, ...ofTerms, ...(lift === undefined ? [] : [lift])];
  const scalars = hostTensor([numbers.length], 'float32', () => Float32Array.from(numbers, valueOf));
  return {
    teachers,
    run: (chunk, teacherChunks, first, count) =>
      launch(
        kernel,
        {
          logits: chunk,
          values,
          labels,
          scalars,
          ...Object.fromEntries(teacherChunks.map((teacher, n) => [`teacher${n}`, teacher])),
        },
        { rows: count, first, total, classes, quads: stride / 4 },
        rowGroup(variants().vocabularyThreads).grid(count),
      ),
  };
}
