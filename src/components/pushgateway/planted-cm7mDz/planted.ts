import '../../../runtimes/native/layout.ts';
