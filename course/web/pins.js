// What the page loads from elsewhere: where each file is, and its integrity.
// A file that is changed is refused by the browser.
// https://developer.mozilla.org/docs/Web/Security/Subresource_Integrity

// CPython 3.14 for browsers, as the package is in the npm registry.
const PYODIDE = "https://cdn.jsdelivr.net/npm/pyodide@314.0.7/";
const WHEELS = "https://files.pythonhosted.org/packages/";

export const PINS = [
  {
    name: "pyodide.mjs",
    url: PYODIDE + "pyodide.mjs",
    size: 17931,
    integrity:
      "sha384-Lp79fMwxa4n2BLtugpUAoQMlbxIdg8iCUiP1r3h7nJLkQjwlXT1JzZTeHVL+f4Dg",
  },
  {
    name: "pyodide.asm.mjs",
    url: PYODIDE + "pyodide.asm.mjs",
    size: 1250344,
    integrity:
      "sha384-/2281iaC0Iimw0B3Kagy1DBfZcJG3W4KYW+EmOqhsdY3fR9BJ88FE2Zt6y0KQKpa",
  },
  {
    name: "pyodide.asm.wasm",
    url: PYODIDE + "pyodide.asm.wasm",
    size: 9598218,
    integrity:
      "sha384-y++qrQ72KPA1fTjLIuGMP+jppgGxjbLCgfdb0zMrnNnQVhxRUXTOTF6rTxNzllSu",
  },
  {
    name: "python_stdlib.zip",
    url: PYODIDE + "python_stdlib.zip",
    size: 2545637,
    integrity:
      "sha384-xW3A5jmenkrPXbsgrIaB1FCJh9OuLT7FRMagsJMgtlhVc19k/mSy3+7nMaF/d767",
  },
  {
    name: "pyodide-lock.json",
    url: PYODIDE + "pyodide-lock.json",
    size: 119077,
    integrity:
      "sha384-o8SQQvpVlZnOl04+3dFTJipKxul9GbViVusA379wlOrfHSgxbzt0yPiqCTxOiYES",
  },
  {
    name: "requests-2.33.1-py3-none-any.whl",
    url:
      WHEELS +
      "d7/8e/7540e8a2036f79a125c1d2ebadf69ed7901608859186c856fa0388ef4197/" +
      "requests-2.33.1-py3-none-any.whl",
    size: 64947,
    integrity:
      "sha384-B2EB2rPpieycvUNCa7oUT5xOpL8sCi17niwXS7F1rCuEfpVUisJZ4DSzDfy3HYul",
  },
  {
    name: "urllib3-2.6.3-py3-none-any.whl",
    url:
      WHEELS +
      "39/08/aaaad47bc4e9dc8c725e68f9d04865dbcb2052843ff09c97b08904852d84/" +
      "urllib3-2.6.3-py3-none-any.whl",
    size: 131584,
    integrity:
      "sha384-47x9nOIaRQoedN/hgc75jD9gPtAHLqzxFwPeKRhRvKYHZfrZZCEneVBMPDUcgm9H",
  },
  {
    name: "idna-3.11-py3-none-any.whl",
    url:
      WHEELS +
      "0e/61/66938bbb5fc52dbdf84594873d5b51fb1f7c7794e9c0f5bd885f30bc507b/" +
      "idna-3.11-py3-none-any.whl",
    size: 71008,
    integrity:
      "sha384-zUvD85+Iwa5HNHHOp0YM1lw3q5ja7GP/8vlhfrMNz3zCdn3y+z0IqPLOfHEh2kPU",
  },
  {
    name: "certifi-2026.4.22-py3-none-any.whl",
    url:
      WHEELS +
      "22/30/7cd8fdcdfbc5b869528b079bfb76dcdf6056b1a2097a662e5e8c04f42965/" +
      "certifi-2026.4.22-py3-none-any.whl",
    size: 135707,
    integrity:
      "sha384-CF5ZNsZcQUdQ6YKcQQZptLBpPLuuYmJWOI4yg1G7eIAcAxdO5yGMXLYJV3BN8ltq",
  },
  {
    name: "charset_normalizer-3.4.7-py3-none-any.whl",
    url:
      WHEELS +
      "db/8f/61959034484a4a7c527811f4721e75d02d653a35afb0b6054474d8185d4c/" +
      "charset_normalizer-3.4.7-py3-none-any.whl",
    size: 61958,
    integrity:
      "sha384-WEQ3WzfwLMIb9ZrsTdGFsgtW1CiuHUbXheYCHO2a0p+Y1xqPujgEVLBfwcn6fesE",
  },
  {
    name: "parameterized-0.9.0-py2.py3-none-any.whl",
    url:
      WHEELS +
      "00/2f/804f58f0b856ab3bf21617cccf5b39206e6c4c94c2cd227bde125ea6105f/" +
      "parameterized-0.9.0-py2.py3-none-any.whl",
    size: 20475,
    integrity:
      "sha384-RkG50zkV/1QXIPlLG8tKPSNJqy6VoSOnGp1Ds0VeAi1/I5xTyyiz761H6qHvTe9L",
  },
];
