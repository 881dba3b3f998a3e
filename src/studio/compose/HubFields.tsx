import { PasswordInput, TextInput } from '@mantine/core';
import { HUB_URL } from '../storeSession';

export interface HubAddress {
  address: string;
  token: string;
}

export function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Without slashes at the end. */
export const addressOf = (text: string): string => text.trim().replace(/\/+$/, '');

/** Where the Hub is, and a token for what is not open to all. Another address is not shown the token of this one. */
export function HubFields({ value, onChange }: { value: HubAddress; onChange: (value: HubAddress) => void }) {
  const bad = !isAddress(value.address.trim());
  return (
    <>
      <TextInput
        label="Address of the Hub"
        description={`a mirror may stand in for ${HUB_URL}`}
        value={value.address}
        onChange={(event) => onChange({ address: event.currentTarget.value, token: '' })}
        error={bad ? 'An address begins with http:// or https://' : undefined}
        spellCheck={false}
      />
      <PasswordInput
        label="Access token"
        description="only for what is private or gated; kept until this page is closed, and shown to this address alone"
        value={value.token}
        onChange={(event) => onChange({ ...value, token: event.currentTarget.value })}
        autoComplete="off"
        spellCheck={false}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
      />
    </>
  );
}
