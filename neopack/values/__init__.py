"""The values that pass between the rooms: frozen, keyword-only.

``ModelSource`` → ``ExportedModel`` → ``NeoArchive`` → ``CompilationRequest`` →
``CompiledArtifact``, and beside them ``ModelInfo``, what a reader learned from bytes, and
``Report``, what rules found.
"""
