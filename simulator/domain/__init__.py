"""Data types of the product: frozen, keyword-only, without behaviour beyond reading themselves.

Below everything else: nothing here reads a file, loads a model or imports another part of the package
(except `simulator.errors`).
"""
