/** Mantine's theme on the design's tokens. */
import {
  Button,
  Card,
  Checkbox,
  createTheme,
  Menu,
  Modal,
  Portal,
  SegmentedControl,
  Slider,
  Switch,
  Table,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';
import { TOKENS, type Scheme } from './tokens';

const student: MantineColorsTuple = [
  '#FDF1E7',
  '#FAE2CE',
  '#F6C9A3',
  '#F4B27F',
  '#F29A5B',
  '#DE7A31',
  '#C65E1A',
  '#B04A0C',
  '#8F3B08',
  '#6E2D06',
];

const teacher: MantineColorsTuple = [
  '#EDF3FC',
  '#DCE7F8',
  '#BBD1F2',
  '#9DBDED',
  '#7FAEF5',
  '#5A8FE0',
  '#3F76C9',
  '#2B5FB0',
  '#234E92',
  '#1B3D73',
];

const gray: MantineColorsTuple = [
  '#F5F6F7',
  '#ECEEF1',
  '#DFE3E8',
  '#B9C0C8',
  '#808995',
  '#6F7884',
  '#5F6873',
  '#4A525C',
  '#2E343B',
  '#16191D',
];

const dark: MantineColorsTuple = [
  '#E8EBEF',
  '#B4BCC6',
  '#939DA9',
  '#707A86',
  '#2A3037',
  '#1F242A',
  '#16191D',
  '#0E1013',
  '#0A0C0E',
  '#060708',
];

/** The system's own faces only: the page works with the network cut. */
const SANS =
  'Inter, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace';
const rem = (pixels: number) => `${pixels / 16}rem`;

export const theme = createTheme({
  primaryColor: 'student',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  defaultRadius: 6,
  black: '#16191D',
  colors: { student, teacher, gray, dark },
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  fontSizes: { xs: rem(11), sm: rem(13), md: rem(14), lg: rem(16), xl: rem(20) },
  spacing: { xs: rem(4), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  headings: { fontWeight: '600' },
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { variant: 'default', size: 'sm' } }),
    Slider: Slider.extend({ defaultProps: { color: 'gray', size: 4 } }),
    Switch: Switch.extend({ defaultProps: { color: 'gray', withThumbIndicator: false } }),
    Modal: Modal.extend({ defaultProps: { overlayProps: { backgroundOpacity: 0.35 } } }),
    Checkbox: Checkbox.extend({ defaultProps: { color: 'gray' } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { color: 'gray' } }),
    // Inside <main>: what pops up belongs to a landmark.
    Portal: Portal.extend({ defaultProps: { target: '#overlays' } }),
    // The placeholder is a focusable child that role="menu" does not allow.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Card: Card.extend({ defaultProps: { withBorder: true, radius: 10, padding: 16 } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 7 } }),
    Tooltip: Tooltip.extend({
      defaultProps: {
        openDelay: 400,
        events: { hover: true, focus: true, touch: true },
        maw: 320,
        multiline: true,
      },
    }),
  },
});

function variables(scheme: Scheme): Record<string, string> {
  const tokens = TOKENS[scheme];
  return {
    ...Object.fromEntries(Object.entries(tokens).map(([name, value]) => [`--decant-${name}`, value])),
    '--mantine-color-body': tokens.bg,
    '--mantine-color-text': tokens.text,
    '--mantine-color-dimmed': tokens['text-3'],
    '--mantine-color-placeholder': tokens['text-3'],
    '--mantine-color-error': tokens.danger,
    '--mantine-color-default': tokens.surface,
    '--mantine-color-default-hover': tokens.sunken,
    '--mantine-color-default-color': tokens.text,
    '--mantine-color-default-border': tokens['line-strong'],
  };
}

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {
    '--decant-sans': SANS,
    '--decant-mono': MONO,
    '--decant-math': '"STIX Two Text", "Cambria Math", Cambria, Georgia, "Liberation Serif", serif',
    '--decant-ease': 'cubic-bezier(.2, 0, 0, 1)',
  },
  light: variables('light'),
  dark: variables('dark'),
});
