import { Select } from '@mantine/core';
import { PROTOCOLS, protocolName } from '../../recipe/protocols';
import { fieldWords } from '../run/protocolWords';
import { useStudio } from '../store';

/** By which protocol perplexities are taken; those with windows that the model cannot read are left out. */
export function ProtocolField() {
  const evaluation = useStudio((state) => state.recipe.evaluation);
  const longest = useStudio((state) => state.teacher?.config.nPositions ?? 1024);
  const edit = useStudio((state) => state.edit);
  const named = PROTOCOLS.filter(({ window }) => window <= longest);
  const name = protocolName(evaluation);
  const about = PROTOCOLS.find(({ id }) => id === name)?.about;
  return (
    <Select
      className="training-prompt"
      size="xs"
      label="Perplexity by the protocol"
      description={
        about ?? 'One without a name; figures stand beside others only where all of it is the same.'
      }
      data={[
        ...named.map(({ id }) => ({ value: id, label: id })),
        ...(name ? [] : [{ value: 'own', label: fieldWords(evaluation) }]),
      ]}
      value={name ?? 'own'}
      allowDeselect={false}
      onChange={(id) => {
        const chosen = named.find((protocol) => protocol.id === id);
        if (!chosen) return;
        const { window, stride, text, unit } = chosen;
        edit((old) => ({ ...old, evaluation: { ...old.evaluation, window, stride, text, unit } }));
      }}
    />
  );
}
