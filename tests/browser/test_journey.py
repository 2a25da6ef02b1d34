"""A request travels through the pages: asked on a phone, sorted at the window, done, told, opened again."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, Site

pytestmark = pytest.mark.browser

PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\xdac\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82"
)
PHOTO = {"name": "avant.png", "mimeType": "image/png", "buffer": PIXEL}


def test_a_request_travels_from_a_phone_to_the_work_done_and_back(site: Site) -> None:
    citizen = site.page(PHONE)
    citizen.goto("/")
    citizen.fill("#description", "De l’eau coule du plafond du préau")
    citizen.locator("#q").press_sequentially("tilleuls", delay=20)
    citizen.get_by_text("École des Tilleuls").click()
    citizen.set_input_files("#photos", PHOTO)
    citizen.fill("#email", "parent@exemple.example")
    citizen.click("button:has-text('Envoyer')")
    citizen.wait_for_url("**/thanks/**")
    reference = citizen.inner_text(".reference")
    citizen.click("text=Suivre ma demande")
    assert "Enregistrée" in citizen.inner_text("main")

    window = site.signed_in("guichet@valmont.example")
    window.goto("/inbox?view=team")
    window.click(f"a.task:has-text('{reference}')")
    window.click("button:has-text('Prendre cette tâche')")
    window.click("button:has-text('Terminer la tâche')")
    assert "à corriger" in window.inner_text(".summary")
    assert window.evaluate("document.activeElement.classList.contains('summary')")
    window.get_by_label("Accepter", exact=True).check()
    window.get_by_label("Nature", exact=True).select_option("BAT.PLOMBERIE")
    window.get_by_label("Équipe responsable").select_option("PLOMBERIE")
    window.get_by_label("En régie").check()
    window.get_by_label("Priorité").select_option("2")
    window.fill("#f-delayHours", "24")
    window.click("button:has-text('Terminer la tâche')")
    window.wait_for_url("**/inbox**")
    assert "étape suivante" in window.inner_text(".flashes")

    leader = site.signed_in("cheffe@valmont.example")
    leader.goto("/inbox?view=team")
    leader.click(f"a.task:has-text('{reference}')")
    leader.click("button:has-text('Prendre cette tâche')")
    leader.get_by_label("Début prévu").fill("2026-01-06T09:00")
    leader.get_by_label("Fin prévue").fill("2026-01-06T11:00")
    leader.click("button:has-text('Terminer la tâche')")
    leader.wait_for_url("**/inbox**")

    agent = site.signed_in("agent@valmont.example", PHONE)
    agent.goto("/inbox?view=team")
    if agent.locator(f"a.task:has-text('{reference}')").count() == 0:
        agent.goto("/inbox?view=mine")
    agent.click(f"a.task:has-text('{reference}')")
    if agent.locator("button:has-text('Prendre cette tâche')").count():
        agent.click("button:has-text('Prendre cette tâche')")
    agent.get_by_label("Ce qui a été fait").fill("Joint du chéneau remplacé")
    agent.get_by_label("Heures", exact=True).fill("1,5")
    agent.click("button:has-text('Ajouter une ligne') >> nth=-1")
    agent.get_by_label("Article").select_option("JOINT")
    agent.get_by_label("Magasin").select_option("DEPOT")
    agent.get_by_label("Quantité").fill("2")
    agent.get_by_label("Les travaux sont terminés").check()
    agent.click("button:has-text('Terminer la tâche')")
    agent.wait_for_url("**/inbox**")

    citizen.reload()
    assert "Répondue" in citizen.inner_text("main")
    assert "Joint du chéneau remplacé" in citizen.inner_text("main")
    citizen.click("summary:has-text('Ce n’est pas réparé')")
    citizen.fill("#reason", "Il pleut toujours dedans")
    citizen.click("button:has-text('Rouvrir ma demande')")
    assert "Merci" in citizen.inner_text(".flashes")
    assert "Rouverte" in citizen.inner_text("main")

    window.goto(f"/requests/{reference}")
    assert window.locator(".photos img").count() == 1
    assert "Quelle règle a décidé" in window.inner_text("main")
    window.wait_for_selector(".diagram[data-drawn]")
    assert window.locator(".bjs-powered-by").first.is_visible()
    assert window.locator(".badge-now").count() >= 1

    accountant = site.signed_in("compta@valmont.example")
    accountant.goto("/postings/posted")
    assert "45,00" in accountant.inner_text("main")
    accountant.click("main table a >> nth=0")
    assert "Débit" in accountant.inner_text("main")
    accountant.goto("/postings/export")
    accountant.fill("#from", "2026-01-01")
    accountant.fill("#to", "2026-12-31")
    accountant.get_by_text("HLEDGER").click()
    with accountant.expect_download() as download:
        accountant.click("button:has-text('Télécharger')")
    assert download.value.suggested_filename.endswith(".journal")
    assert [page.said for page in (citizen, leader, agent, accountant) if page.said] == []


def test_the_form_of_an_asset_s_label_knows_the_asset(site: Site) -> None:
    manager = site.signed_in("tout@valmont.example")
    manager.goto(f"/assets/{site.town.ids['school']}")
    address = manager.inner_text("#label .follow-link").strip()
    citizen = site.page(PHONE)
    citizen.goto(address[address.index("/q/") :])
    assert citizen.get_by_label("École des Tilleuls").is_checked()


def test_two_people_cannot_both_take_one_task(site: Site) -> None:
    site.town.ask(asset_id=None, nature_code=None, title="Porte qui grince")
    first, second = site.signed_in("guichet@valmont.example"), site.signed_in("tout@valmont.example")
    for page in (first, second):
        page.goto("/inbox?view=team&q=grince")
        page.click("a.task")
    first.click("button:has-text('Prendre cette tâche')")
    second.click("button:has-text('Prendre cette tâche')")
    assert "Quelqu’un d’autre a pris cette tâche" in second.inner_text("main")


def test_without_scripts_one_can_still_ask_and_work(site: Site) -> None:
    citizen = site.page(PHONE, scripts=False)
    citizen.goto("/")
    citizen.fill("#q", "tilleuls")
    citizen.click("button:has-text('Chercher')")
    citizen.get_by_text("École des Tilleuls").click()
    citizen.fill("#description", "Tableau décroché dans la classe 3")
    citizen.click("button:has-text('Envoyer')")
    reference = citizen.inner_text(".reference")

    window = site.signed_in("guichet@valmont.example", scripts=False)
    window.goto(f"/inbox?view=team&q={reference}")
    window.click("a.task")
    window.click("button:has-text('Prendre cette tâche')")
    window.get_by_label("Refuser", exact=True).check()
    window.click("button:has-text('Terminer la tâche')")
    window.get_by_label("Motif du refus").fill("Le mobilier se demande au magasin scolaire")
    window.click("button:has-text('Terminer la tâche')")
    assert "étape suivante" in window.inner_text(".flashes")


def test_the_keyboard_is_enough(site: Site) -> None:
    page = site.page()
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.focus("#email")
    page.keyboard.type("guichet@valmont.example")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url("**/home")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == "/inbox":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")
    assert outline == "solid"
