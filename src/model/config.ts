/** The sizes of one GPT-2, as `config.json` gives them. Pure: the studio imports this file too. */
export interface GPT2Config {
  nLayer: number;
  nHead: number;
  nEmbd: number;
  nPositions: number;
  vocabSize: number;
  /** Width of the MLP; 4 nEmbd unless the checkpoint says otherwise. */
  nInner: number;
  activation: 'gelu_new' | 'gelu';
  layerNormEpsilon: number;
}
