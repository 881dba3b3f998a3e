"""Repeats a run of Decant with plain PyTorch on the CPU: an independent forward pass, losses, optimiser and schedule.

usage: train_reference.py DUMP DEMO_TEACHER [--losses FILE] [--validation FILE.bin]

DUMP is what scripts/reference/dump.ts wrote, DEMO_TEACHER the folder public/demo/teacher. Prints one JSON object: the
loss of every step before its update, and with --validation the perplexity (windows of T, no overlap, at most
evaluation.maxTokens tokens) before and after. Methods: fine-tune, vanilla-kd. Needs torch and numpy.
"""
import argparse, json, math, sys
import numpy as np
import torch
import torch.nn.functional as F


def read_safetensors(path):
    """Name without `transformer.` -> float32 tensor."""
    raw = open(path, 'rb').read()
    length = int.from_bytes(raw[:8], 'little')
    header = json.loads(raw[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        start, end = entry['data_offsets']
        dtype = {'F32': np.float32, 'F16': np.float16}[entry['dtype']]
        values = np.frombuffer(raw[8 + length + start:8 + length + end], dtype).astype(np.float32)
        tensors[name.removeprefix('transformer.')] = torch.from_numpy(values.copy()).view(entry['shape'])
    return tensors


class GPT2:
    """The published architecture: pre-LayerNorm blocks, Conv1D weights [in, out], gelu_new, tied output layer."""

    def __init__(self, tensors, heads, layers):
        self.heads, self.layers, self.p = heads, len(layers), {}
        for name, value in tensors.items():
            parts = name.split('.')
            if parts[0] == 'h':
                if int(parts[1]) not in layers:
                    continue
                parts[1] = str(layers.index(int(parts[1])))
            self.p['.'.join(parts)] = value.clone()

    def logits(self, ids):
        p, heads = self.p, self.heads
        batch, length = ids.shape
        width = p['wte.weight'].shape[1]
        x = p['wte.weight'][ids] + p['wpe.weight'][:length]
        mask = torch.full((length, length), float('-inf')).triu(1)
        norm = lambda x, name: F.layer_norm(x, (width,), p[name + '.weight'], p[name + '.bias'], 1e-5)
        dense = lambda x, name: x @ p[name + '.weight'] + p[name + '.bias']
        for i in range(self.layers):
            h = f'h.{i}.'
            qkv = dense(norm(x, h + 'ln_1'), h + 'attn.c_attn')
            q, k, v = (t.view(batch, length, heads, -1).transpose(1, 2) for t in qkv.split(width, 2))
            scores = q @ k.transpose(2, 3) / math.sqrt(width // heads) + mask
            mixed = (torch.softmax(scores, 3) @ v).transpose(1, 2).reshape(batch, length, width)
            x = x + dense(mixed, h + 'attn.c_proj')
            u = dense(norm(x, h + 'ln_2'), h + 'mlp.c_fc')
            u = 0.5 * u * (1 + torch.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u ** 3)))
            x = x + dense(u, h + 'mlp.c_proj')
        return norm(x, 'ln_f') @ p['wte.weight'].t()


def learning_rate(step, steps, o):
    """Hugging Face's convention: step / warm-up, then from the peak to the final share, reached at `steps`."""
    if step < o['warmupSteps']:
        return o['learningRate'] * step / o['warmupSteps']
    done = (step - o['warmupSteps']) / max(1, steps - o['warmupSteps'])
    shape = {'constant': 1.0, 'linear': 1 - done, 'cosine': 0.5 * (1 + math.cos(math.pi * done))}[o['schedule']]
    return o['learningRate'] * (o['finalFraction'] + (1 - o['finalFraction']) * shape)


def loss_of(method, settings, student, teacher, windows):
    ids, labels = windows[:, :-1], windows[:, 1:].reshape(-1)
    z = student.logits(ids).flatten(0, 1)
    hard = F.cross_entropy(z, labels)
    if method == 'fine-tune':
        return hard
    assert method == 'vanilla-kd', method
    alpha, t = settings['alpha'], settings['temperature']
    with torch.no_grad():
        target = torch.softmax(teacher.logits(ids).flatten(0, 1) / t, 1)
    soft = F.kl_div(torch.log_softmax(z / t, 1), target, reduction='batchmean')
    return alpha * hard + (1 - alpha) * t * t * soft


@torch.no_grad()
def perplexity(model, ids, window, limit):
    """Windows side by side; every token but the first is scored once. exp of the mean over `limit` scored tokens."""
    total = scored = 0
    while scored < limit and scored + 1 < len(ids):
        n = min(window, limit - scored, len(ids) - 1 - scored)
        row = ids[scored:scored + n + 1][None]
        total += F.cross_entropy(model.logits(row[:, :-1])[0], row[0, 1:], reduction='sum').item()
        scored += n
    return {'perplexity': math.exp(total / scored), 'tokens': scored}


def main():
    args = argparse.ArgumentParser()
    args.add_argument('dump')
    args.add_argument('teacher')
    args.add_argument('--losses')
    args.add_argument('--validation')
    args = args.parse_args()
    torch.set_num_threads(1)
    described = json.load(open(f'{args.dump}/reference.json'))
    recipe, layers = described['recipe'], described['layers']
    stage, length = recipe['stages'][0], recipe['data']['contextLength']
    rows, accumulate, steps = stage['batchSize'], stage['gradAccumSteps'], stage['steps']
    windows = np.fromfile(f'{args.dump}/batches.bin', '<i4').reshape(steps, accumulate * rows, length + 1)
    windows = torch.from_numpy(windows.astype(np.int64))
    model = recipe['teacher']['model']
    teacher = None
    if model == 'demo':
        tensors, heads = read_safetensors(f'{args.teacher}/model.safetensors'), json.load(open(f'{args.teacher}/config.json'))['n_head']
        teacher = GPT2(tensors, heads, list(range(12)))
    else:
        tensors, heads = read_safetensors(f'{args.dump}/model.safetensors'), model['config']['n_head']
    student = GPT2(tensors, heads, layers)
    for value in student.p.values():
        value.requires_grad_()

    o = stage['optimizer']
    groups = [{'params': [v for v in student.p.values() if v.dim() >= 2], 'weight_decay': o['weightDecay']},
              {'params': [v for v in student.p.values() if v.dim() < 2], 'weight_decay': 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(o['beta1'], o['beta2']), eps=o['epsilon'])
    result = {'losses': [], 'gradNorms': []}
    if args.validation:
        held_out = torch.from_numpy(np.fromfile(args.validation, '<u2').astype(np.int64))
        measure = lambda: perplexity(student, held_out, recipe['evaluation']['window'], recipe['evaluation']['maxTokens'] or len(held_out))
        result['before'] = measure()
    for step in range(steps):
        for group in optimizer.param_groups:
            group['lr'] = learning_rate(step, steps, o)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(stage['method'], stage['settings'], student, teacher, windows[step])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(student.p.values()), o['gradClip'] or float('inf'))
        optimizer.step()
        result['losses'].append(loss.item())
        result['gradNorms'].append(norm.item())
        print(step + 1, round(loss.item(), 5), file=sys.stderr)
    if args.validation:
        result['after'] = measure()
    result['torch'] = torch.__version__
    text = json.dumps(result)
    print(text)
    if args.losses:
        open(args.losses, 'w').write(text + '\n')


main()
