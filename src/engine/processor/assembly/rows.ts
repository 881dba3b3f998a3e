/**
 * Losses over rows of logits z [rows, classes]; the formulas stand in `ops/rowTerms.ts`. values[row] = weight times
 * the row's value, dz = weight times its gradient (plus dz where `add`), both 0 where the label is negative;
 * dz = 0: no gradient. `weight` already holds the step's scale.
 */
import { exp, largest, log, shareStart, sum } from './vector';

/** The last lanes of a row whose length is no multiple of 4 are masked: `classes - at` of them count. */
function lanes(left: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/** Four floats, or at a row's end what is left of it, `filler` elsewhere. */
function take(at: usize, left: i32, filler: f32): v128 {
  if (left >= 4) return v128.load(at);
  let x = f32x4.splat(filler);
  x = f32x4.replace_lane(x, 0, load<f32>(at));
  if (left > 1) x = f32x4.replace_lane(x, 1, load<f32>(at, 4));
  if (left > 2) x = f32x4.replace_lane(x, 2, load<f32>(at, 8));
  return x;
}

function put(at: usize, left: i32, x: v128): void {
  if (left >= 4) {
    v128.store(at, x);
    return;
  }
  store<f32>(at, f32x4.extract_lane(x, 0));
  if (left > 1) store<f32>(at, f32x4.extract_lane(x, 1), 4);
  if (left > 2) store<f32>(at, f32x4.extract_lane(x, 2), 8);
}

function rowLargest(z: usize, classes: i32): f32 {
  let most = f32x4.splat(-3.4e38);
  for (let i = 0; i < classes; i += 4) {
    most = f32x4.pmax(most, take(z + ((<usize>i) << 2), classes - i, -3.4e38));
  }
  return largest(most);
}

/** Sum of exp((z - zMax) / temperature). */
function expSum(z: usize, classes: i32, zMax: f32, inverse: f32): f32 {
  let total = f32x4.splat(0);
  for (let i = 0; i < classes; i += 4) {
    const shifted = f32x4.sub(take(z + ((<usize>i) << 2), classes - i, -3.4e38), f32x4.splat(zMax));
    const e = exp(f32x4.mul(shifted, f32x4.splat(inverse)));
    total = f32x4.add(total, v128.and(e, lanes(classes - i)));
  }
  return sum(total);
}

function clear(dz: usize, classes: i32, add: i32): void {
  if (dz != 0 && add == 0) memory.fill(dz, 0, (<usize>classes) << 2);
}

/** -log softmax(z)[label]; dz may be z itself. */
export function crossEntropyRows(
  values: usize,
  dz: usize,
  z: usize,
  labels: usize,
  rows: i32,
  classes: i32,
  weight: f32,
  add: i32,
  part: i32,
  parts: i32,
): void {
  const line = (<usize>classes) << 2;
  const end = shareStart(rows, 1, part + 1, parts);
  for (let row = shareStart(rows, 1, part, parts); row < end; row++) {
    const from = z + <usize>row * line;
    const to = dz == 0 ? <usize>0 : dz + <usize>row * line;
    const label = load<i32>(labels + ((<usize>row) << 2));
    store<f32>(values + ((<usize>row) << 2), 0);
    if (label < 0) {
      clear(to, classes, add);
      continue;
    }
    const zMax = rowLargest(from, classes);
    const total = expSum(from, classes, zMax, 1);
    const atLabel = load<f32>(from + ((<usize>label) << 2));
    const logSum = zMax + log(total);
    store<f32>(values + ((<usize>row) << 2), weight * (logSum - atLabel));
    if (to == 0) continue;
    const factor = f32x4.splat(weight / total);
    for (let i = 0; i < classes; i += 4) {
      const at = (<usize>i) << 2;
      const e = exp(f32x4.sub(take(from + at, classes - i, zMax), f32x4.splat(zMax)));
      const g = f32x4.mul(e, factor);
      put(to + at, classes - i, add != 0 ? f32x4.add(take(to + at, classes - i, 0), g) : g);
    }
    store<f32>(to + ((<usize>label) << 2), load<f32>(to + ((<usize>label) << 2)) - weight);
  }
}

/** KL(p || q), p = softmax(t / T) of the teacher, q = softmax(z / T); dz may be z itself. */
export function divergenceRows(
  values: usize,
  dz: usize,
  z: usize,
  t: usize,
  labels: usize,
  rows: i32,
  classes: i32,
  weight: f32,
  temperature: f32,
  add: i32,
  part: i32,
  parts: i32,
): void {
  const line = (<usize>classes) << 2;
  const inverse: f32 = <f32>1.0 / temperature;
  const inverses = f32x4.splat(inverse);
  const end = shareStart(rows, 1, part + 1, parts);
  for (let row = shareStart(rows, 1, part, parts); row < end; row++) {
    const from = z + <usize>row * line;
    const teacher = t + <usize>row * line;
    const to = dz == 0 ? <usize>0 : dz + <usize>row * line;
    store<f32>(values + ((<usize>row) << 2), 0);
    if (load<i32>(labels + ((<usize>row) << 2)) < 0) {
      clear(to, classes, add);
      continue;
    }
    const zMax = rowLargest(from, classes);
    const tMax = rowLargest(teacher, classes);
    const student = expSum(from, classes, zMax, inverse);
    const taught = expSum(teacher, classes, tMax, inverse);
    // log p - log q = (t - z) / T + shift
    const shift = (zMax - tMax) * inverse + log(student) - log(taught);
    const scale = f32x4.splat(weight * inverse);
    let total = f32x4.splat(0);
    for (let i = 0; i < classes; i += 4) {
      const at = (<usize>i) << 2;
      const left = classes - i;
      const zs = take(from + at, left, zMax);
      const ts = take(teacher + at, left, tMax);
      const p = f32x4.mul(
        exp(f32x4.mul(f32x4.sub(ts, f32x4.splat(tMax)), inverses)),
        f32x4.splat(<f32>1.0 / taught),
      );
      const ratio = f32x4.add(f32x4.mul(f32x4.sub(ts, zs), inverses), f32x4.splat(shift));
      total = f32x4.add(total, v128.and(f32x4.mul(p, ratio), lanes(left)));
      if (to == 0) continue;
      const q = f32x4.mul(
        exp(f32x4.mul(f32x4.sub(zs, f32x4.splat(zMax)), inverses)),
        f32x4.splat(<f32>1.0 / student),
      );
      const g = f32x4.mul(f32x4.sub(q, p), scale);
      put(to + at, left, add != 0 ? f32x4.add(take(to + at, left, 0), g) : g);
    }
    store<f32>(values + ((<usize>row) << 2), weight * sum(total));
  }
}
