"""The page: TABS -> Blocks. Plain Python below it knows nothing of Gradio."""
