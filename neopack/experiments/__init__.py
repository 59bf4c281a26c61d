"""Several models under the same load, in turns: what compiling or a precision buys."""
