// Generators that name a longest length reach it: fast-check's own default stays about ten elements long whatever
// maxLength says. Imported for its effect, by every property test, before it makes its generators.

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });
