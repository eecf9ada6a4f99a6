export * from '@zooid/core';
